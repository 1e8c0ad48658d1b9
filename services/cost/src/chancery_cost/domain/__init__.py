"""Pure: prices, estimates, periods. Integers and decimals only."""
