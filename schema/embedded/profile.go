package embedded

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
)

// writeProfile writes the engine's configuration for a small box into the data directory, anew at every start. No section of
// a system log stands in it: the engine then keeps none, and nothing grows that nobody reads.
func writeProfile(dir, backups string, memory int64, threads int, all *accounts) (path string, err error) {
	users := fmt.Appendf(nil, usersProfile, memory*3/4, memory/4, memory/4, threads, all.ownBase, all.profiles, all.xml())
	usersPath := filepath.Join(dir, "users.xml")
	if err := os.WriteFile(usersPath, users, 0o600); err != nil {
		return "", fmt.Errorf("write the engine's users: %w", err)
	}
	quotedUsers, err := escaped(usersPath)
	if err != nil {
		return "", fmt.Errorf("quote the data directory's name: %w", err)
	}
	quotedBackups, err := escaped(backups)
	if err != nil {
		return "", fmt.Errorf("quote the name of the folder of backups: %w", err)
	}
	path = filepath.Join(dir, "engine.xml")
	if err := os.WriteFile(path, fmt.Appendf(nil, profile, quotedUsers, quotedBackups, memory, memory/32, memory/32, memory/64), 0o600); err != nil {
		return "", fmt.Errorf("write the engine's configuration: %w", err)
	}
	return path, nil
}

// escaped is text as XML has it.
func escaped(text string) (string, error) {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(text)); err != nil {
		return "", err
	}
	return b.String(), nil
}

const profile = `<clickhouse>
    <!-- Written at every start; changes are lost. -->
    <users_config>%s</users_config>
    <timezone>UTC</timezone>
    <backups><allowed_path>%s</allowed_path></backups>
    <max_server_memory_usage>%d</max_server_memory_usage>
    <mark_cache_size>%d</mark_cache_size>
    <primary_index_cache_size>%d</primary_index_cache_size>
    <uncompressed_cache_size>0</uncompressed_cache_size>
    <index_mark_cache_size>0</index_mark_cache_size>
    <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
    <mmap_cache_size>64</mmap_cache_size>
    <query_condition_cache_size>%d</query_condition_cache_size>
    <compiled_expression_cache_size>8388608</compiled_expression_cache_size>
    <max_thread_pool_size>256</max_thread_pool_size>
    <max_thread_pool_free_size>8</max_thread_pool_free_size>
    <background_pool_size>2</background_pool_size>
    <background_merges_mutations_concurrency_ratio>2</background_merges_mutations_concurrency_ratio>
    <background_schedule_pool_size>8</background_schedule_pool_size>
    <background_common_pool_size>2</background_common_pool_size>
    <background_fetches_pool_size>1</background_fetches_pool_size>
    <background_move_pool_size>1</background_move_pool_size>
    <background_distributed_schedule_pool_size>1</background_distributed_schedule_pool_size>
    <background_message_broker_schedule_pool_size>1</background_message_broker_schedule_pool_size>
    <background_buffer_flush_schedule_pool_size>1</background_buffer_flush_schedule_pool_size>
    <merge_tree>
        <max_bytes_to_merge_at_max_space_in_pool>5368709120</max_bytes_to_merge_at_max_space_in_pool>
        <merge_max_block_size>4096</merge_max_block_size>
        <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
        <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
        <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
        <fsync_after_insert>1</fsync_after_insert>
        <fsync_part_directory>1</fsync_part_directory>
    </merge_tree>
</clickhouse>
`

// usersProfile is what holds for every statement: spill to disk before memory runs out, small blocks, and no expressions
// in the data of an INSERT, which nobody reads beforehand (see checkOutside). What a users file says of the profile default
// comes after and wins.
const usersProfile = `<clickhouse>
    <!-- Written at every start; changes are lost. -->
    <profiles><default>
        <max_memory_usage>%d</max_memory_usage>
        <max_bytes_before_external_group_by>%d</max_bytes_before_external_group_by>
        <max_bytes_before_external_sort>%d</max_bytes_before_external_sort>
        <max_threads>%d</max_threads>
        <max_block_size>32768</max_block_size>
        <min_insert_block_size_rows>262144</min_insert_block_size_rows>
        <min_insert_block_size_bytes>33554432</min_insert_block_size_bytes>
        <implicit_select>0</implicit_select>
        <input_format_values_interpret_expressions>0</input_format_values_interpret_expressions>
        <input_format_values_deduce_templates_of_expressions>0</input_format_values_deduce_templates_of_expressions>
        <constraints>
            <input_format_values_interpret_expressions><const/></input_format_values_interpret_expressions>
            <input_format_values_deduce_templates_of_expressions><const/></input_format_values_deduce_templates_of_expressions>
        </constraints>
        %s
    </default>%s</profiles>
    %s
</clickhouse>
`
