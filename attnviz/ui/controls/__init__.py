"""Groups of controls, each one function that draws and returns what was chosen."""
