SELECT toString(detector), toString(feature), toString(type)
FROM finding_rows FINAL
WHERE project = {p0:String} AND subject_type = 'model' AND subject = {p1:String}
    AND version = {p2:String} AND window_start = fromUnixTimestamp64Nano({p3:Int64}, 'UTC')
    AND slice = '' AND type != '' AND NOT withdrawn
