"""`helpdesk doctor`: looks at all that the pipeline rests on, and says what is wrong with it.

What is asked of servers is in `asking_*`, what may be concluded from it in `judging_*`: pure
functions from what was found (`facts`) to findings. Nothing is written anywhere.
"""
