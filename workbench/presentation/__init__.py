"""What a pane or table shows of the domain: rows, cells, charts; knows no widget."""
