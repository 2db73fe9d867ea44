"""The REST interface: forecasts of the published issues, for areas and times, never persons."""
