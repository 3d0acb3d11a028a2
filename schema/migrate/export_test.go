package migrate

// Apply lets tests bring migrations of their own.
var Apply = apply
