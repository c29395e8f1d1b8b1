-- How deep the queue is, by class and state.
SELECT class, state, count(*) AS entries, min(due_at) AS oldest_due
FROM weir.pipeline_execution_queue GROUP BY class, state ORDER BY class, state
