"""The scene of the bundled log: a minute at a signalised crossing in Chongqing; a seed is its only chance."""
