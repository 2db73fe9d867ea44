"""The workspace's database: one SQLite file for what people enter and change."""
