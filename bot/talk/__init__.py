"""Frames -> turns: voice activity, segmenter, floor, addressing and history; pure, time is a parameter."""
