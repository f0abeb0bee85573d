"""Parts of ``./dev`` that are more than a few lines."""
