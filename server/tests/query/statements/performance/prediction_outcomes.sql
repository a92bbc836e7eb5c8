SELECT count() AS t_rows, countIf(ifNull(labelled, false)) AS t_labelled,
    groupUniqArrayIf(51)(ifNull(label, ''), isNotNull(label)) AS t_words,
    countIf(isNotNull(label_value)) AS t_numbers, countIf(label_value IN (0, 1)) AS t_bits,
    countIf(isNotNull(score)) AS t_scored, countIf(ifNull(isFinite(score) AND score >= 0 AND score <= 1, false)) AS t_probable,
    countIf(isNotNull(prediction)) AS t_outputs, countIf(prediction IN (0, 1)) AS t_output_bits
FROM prediction_rows WHERE true
