"""All calls of a force: members by day, blended, coherent, split into hours and small areas."""
