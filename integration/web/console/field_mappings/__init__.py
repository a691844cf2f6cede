"""Field mappings as tables: the CRM's fields beside ours, a form for each, a preview, and fields of a company's own."""
