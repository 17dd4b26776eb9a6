"""Days of a family (planning, absences, cards): what the portal and the family's file share.

A face gives its address names and its templates (`Desk`); forms, texts and order of steps are one.
"""
