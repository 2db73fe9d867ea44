"""Tables (`planning.tables`) written down: one module for each form, which knows nothing else."""
