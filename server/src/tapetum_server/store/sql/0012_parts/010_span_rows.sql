-- Up to this size a part is a few files and not three hundred: cheaper to merge, and as cheap to read (decision 001).
ALTER TABLE {database}.span_rows MODIFY SETTING min_bytes_for_wide_part = 67108864
