"""What figures are made of: cells, bars, their axes and scales. A figure says only what is its own."""
