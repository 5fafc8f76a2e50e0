"""The pages in a real browser: every page that each role reaches by links, judged by axe, in both languages."""
