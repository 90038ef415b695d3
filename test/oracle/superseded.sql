-- How many granules have a better product beside them.
SELECT count(*)::INTEGER FROM granule WHERE superseded
