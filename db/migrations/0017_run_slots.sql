-- How many runs from the queue a node works at once: 0 for those that take none (the API or the scheduler alone, and
-- `weir import`). By it the queue explains that nobody takes its runs, or that all who do are full.
ALTER TABLE weir.node ADD COLUMN run_slots int NOT NULL DEFAULT 0 CHECK (run_slots >= 0);
