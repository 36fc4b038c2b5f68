"""Tasks out of a repository's history: commits whose tests fail before and pass after."""
