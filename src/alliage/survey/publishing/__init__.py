"""What is written of results: words, rows, pages, workbooks, files of respondents."""
