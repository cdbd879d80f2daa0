"""The shapes of the answers: what a program may rely on. Unknown is null, never 0 nor empty."""
