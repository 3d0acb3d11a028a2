package cluster

// Placements lets tests compare the table with the migrations.
var Placements = placements
