"""What a model must do, case by case: the table, the report on a model, and the gate before a model answers."""

from models.behaviour.report import BehaviourReport, behaviour_problems, behaviour_report

__all__ = ["BehaviourReport", "behaviour_problems", "behaviour_report"]
