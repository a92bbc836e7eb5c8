"""What other tools export, in the words of Tapetum's own doors: spans with the tool's attributes, evaluations, prompts.

Nothing here sends anything or knows the store.
"""
