"""Treaty status: which States are party to the Convention and its Protocols."""
