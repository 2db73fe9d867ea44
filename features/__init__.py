"""What was known of a place and a time, as of the moment of forecasting."""
