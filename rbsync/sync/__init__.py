"""The use cases: validate, plan, apply and the like, a few lines each."""
