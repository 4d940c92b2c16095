"""The operator's web pages and the browser phone. Loaded with the first page; decides nothing."""
