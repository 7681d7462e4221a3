-- What sysbench does in the benchmark `schedule`: each event is one query, on the connection of its thread.
function thread_init()
  connection = sysbench.sql.driver():connect()
end

function event()
  connection:query("SELECT balance FROM accounts WHERE id = 1")
end

function thread_done()
  connection:disconnect()
end
