"""Jobs: work outside a call, such as analyses, podcasts, recaps and written questions."""
