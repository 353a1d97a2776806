"""Running a plan: intent before effect, results one by one, nothing lost."""
