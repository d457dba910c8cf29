"""Frames -> turns: voice activity, segmenter, floor, addressing and history. All pure: time is a parameter."""
