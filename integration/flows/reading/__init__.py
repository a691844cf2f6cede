"""Reading CRMs: records that changed, everything before going live, and what people in sales did there."""
