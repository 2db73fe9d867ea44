"""The model of missing-person reports: rare counts, pooled over areas. Areas and times only."""
