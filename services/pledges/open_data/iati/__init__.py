"""IATI 2.03 activities, written and read: pure, as everything here; the rows behind them are `iati_store`'s."""
