package subject

import (
	"encoding/json"
	"fmt"
)

// marshal is the value as JSON, and nothing of none.
func marshal[T any](value *T) (string, error) {
	if value == nil {
		return "", nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("write ticket: %w", err)
	}
	return string(text), nil
}

func unmarshal[T any](text string) (*T, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // nothing was written
	}
	value := new(T)
	if err := json.Unmarshal([]byte(text), value); err != nil {
		return nil, fmt.Errorf("read ticket: %w", err)
	}
	return value, nil
}
