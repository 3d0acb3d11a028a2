package demo

// explained is a stored row as a person reads it: each column beside what was done to it. Panel and frame show the same.
type explained struct {
	Lines     []line      `json:"lines"`   // columns that hold something
	Empty     []string    `json:"empty"`   // names of those that do not
	Removed   []line      `json:"removed"` // what has no column: it was dropped before anything was written
	Later     []explained `json:"later,omitempty"`
	AgeMillis int64       `json:"age_ms"`
}

// line is one column, or one thing that was dropped.
type line struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Action Action `json:"action"`
	Raw    string `json:"raw"`
	Why    string `json:"why"`
}

func explain(stored Stored) explained {
	shown := explainRow(Row{Columns: stored.Columns, Notes: stored.Notes})
	shown.AgeMillis = stored.AgeMillis
	for _, row := range stored.Later {
		shown.Later = append(shown.Later, explainRow(row))
	}
	return shown
}

func explainRow(row Row) explained {
	shown := explained{Lines: []line{}, Empty: []string{}, Removed: []line{}}
	columns := make(map[string]bool, len(row.Columns))
	for _, column := range row.Columns {
		columns[column.Name] = true
		notes := notesOf(row.Notes, column.Name)
		if column.Value == "" && len(notes) == 0 {
			shown.Empty = append(shown.Empty, column.Name)
			continue
		}
		if len(notes) == 0 {
			notes = []Note{{Action: Kept}}
		}
		for _, note := range notes {
			shown.Lines = append(shown.Lines, line{column.Name, column.Value, note.Action, note.Raw, note.Why})
		}
	}
	for _, note := range row.Notes {
		if !columns[note.Field] {
			shown.Removed = append(shown.Removed, line{note.Field, note.Stored, note.Action, note.Raw, note.Why})
		}
	}
	return shown
}

func notesOf(notes []Note, field string) []Note {
	var found []Note
	for _, note := range notes {
		if note.Field == field {
			found = append(found, note)
		}
	}
	return found
}
