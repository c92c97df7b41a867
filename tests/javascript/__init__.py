"""What checks the scripts of the page's components."""
