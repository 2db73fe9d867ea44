"""From a forecast to decisions: shifts, workload, staffing and overrides."""
