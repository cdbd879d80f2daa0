"""The routes of the API, one module a topic, and the page that documents them."""
