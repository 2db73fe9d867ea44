"""Who people are: accounts, passwords, sessions, and what somebody may see and do."""
