"""The shared vocabulary of Forewatch: values and contracts that every room uses."""
