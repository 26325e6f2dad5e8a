"""The record of choices: which rankings were shown, and what people did with them."""
