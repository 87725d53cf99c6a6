"""The model: plain SQL, one step a file, from the contract tables to customer_360."""

from patron.model.steps import Kept, Step, kept, step_named, steps

__all__ = ["Kept", "Step", "kept", "step_named", "steps"]
