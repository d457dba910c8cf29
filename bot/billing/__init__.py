"""What requests cost: tokens, prices, the budget, the report."""
