"""Running the engine: decide on events and on due work, and describe where a lead then stands."""
