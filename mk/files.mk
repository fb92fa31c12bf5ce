# files.mk -- every source of the product, named once, for native and wasm32 alike.
# A new file is added here, in its folder's list, and nowhere else.

BASE_SRC := \
	src/base/arena.c \
	src/base/assert.c \
	src/base/base32.c \
	src/base/cbor.c \
	src/base/err.c \
	src/base/out.c \
	src/base/str.c

RECORD_SRC := \
	src/record/account.c \
	src/record/aead.c \
	src/record/answer.c \
	src/record/chain.c \
	src/record/challenge.c \
	src/record/circle.c \
	src/record/circle_save.c \
	src/record/code.c \
	src/record/entry.c \
	src/record/epoch.c \
	src/record/hash.c \
	src/record/headtoken.c \
	src/record/index.c \
	src/record/invite.c \
	src/record/pad.c \
	src/record/payload.c \
	src/record/phrase.c \
	src/record/redact.c \
	src/record/round.c \
	src/record/round_act.c \
	src/record/secret.c \
	src/record/statement.c

PRACTICE_SRC := \
	src/practice/facts.c \
	src/practice/ids.c \
	src/practice/law.c \
	src/practice/pages.c \
	src/practice/profile.c \
	src/practice/promise.c \
	src/practice/promise_act.c \
	src/practice/state.c \
	src/practice/walk.c \
	src/practice/words.c

DEVICE_SRC := \
	src/device/batch.c \
	src/device/body.c \
	src/device/check.c \
	src/device/copy.c \
	src/device/copy_fold.c \
	src/device/item.c \
	src/device/local.c \
	src/device/look.c \
	src/device/owed.c \
	src/device/plan.c \
	src/device/refusal.c \
	src/device/sign.c

WASM_SRC := \
	src/wasm/call.c \
	src/wasm/export_account.c \
	src/wasm/export_base.c \
	src/wasm/export_circle.c \
	src/wasm/export_item.c \
	src/wasm/export_promise.c \
	src/wasm/export_view.c \
	src/wasm/hold.c \
	src/wasm/slot.c

STORE_SRC := \
	src/store/store.c \
	src/store/store_mem.c \
	src/store/store_mem_account.c \
	src/store/store_mem_circle.c \
	src/store/store_sqlite.c \
	src/store/store_sqlite_account.c \
	src/store/store_sqlite_backup.c \
	src/store/store_sqlite_care.c \
	src/store/store_sqlite_circle.c \
	src/store/store_sqlite_log.c \
	src/store/store_sqlite_open.c \
	src/store/store_sqlite_schema.c

SERVER_SRC := \
	src/server/api_account.c \
	src/server/api_circle.c \
	src/server/api_info.c \
	src/server/api_invite.c \
	src/server/api_live.c \
	src/server/api_session.c \
	src/server/append.c \
	src/server/challenges.c \
	src/server/check.c \
	src/server/circles.c \
	src/server/clock.c \
	src/server/commands.c \
	src/server/config.c \
	src/server/config_help.c \
	src/server/config_near.c \
	src/server/config_rows.c \
	src/server/config_value.c \
	src/server/hello.c \
	src/server/http_mhd.c \
	src/server/http_mhd_answer.c \
	src/server/http_mhd_call.c \
	src/server/http_mhd_gate.c \
	src/server/http_mhd_hold.c \
	src/server/http_mhd_peer.c \
	src/server/http_mhd_side.c \
	src/server/http_mhd_stream.c \
	src/server/hub.c \
	src/server/invitation.c \
	src/server/ip.c \
	src/server/listen.c \
	src/server/log.c \
	src/server/main.c \
	src/server/metrics.c \
	src/server/notify.c \
	src/server/origin.c \
	src/server/pem.c \
	src/server/rate.c \
	src/server/readers.c \
	src/server/request.c \
	src/server/routes.c \
	src/server/serve.c \
	src/server/session.c \
	src/server/sweep.c \
	src/server/visits.c \
	src/server/writer.c

CLIENT_SRC := \
	src/client/alarm.c \
	src/client/client.c \
	src/client/client_act.c \
	src/client/client_circle.c \
	src/client/clock.c \
	src/client/fetch.c \
	src/client/fetch_why.c \
	src/client/flow.c \
	src/client/flow_alarm.c \
	src/client/flow_join.c \
	src/client/flow_member.c \
	src/client/flow_session.c \
	src/client/flow_start.c \
	src/client/flow_sync.c \
	src/client/flow_words.c \
	src/client/held.c \
	src/client/home.c \
	src/client/home_account.c \
	src/client/home_alarm.c \
	src/client/home_circle.c \
	src/client/home_draft.c \
	src/client/home_entry.c \
	src/client/home_folder.c \
	src/client/home_note.c \
	src/client/home_open.c \
	src/client/home_outbox.c \
	src/client/home_seal.c \
	src/client/home_sql.c \
	src/client/live.c \
	src/client/outbox.c \
	src/client/outbox_prepare.c \
	src/client/remote.c \
	src/client/remote_account.c \
	src/client/remote_circle.c \
	src/client/remote_read.c \
	src/client/ring.c \
	src/client/seat.c \
	src/client/sync.c \
	src/client/sync_send.c

CLI_SRC := \
	src/cli/agent.c \
	src/cli/agent_serve.c \
	src/cli/calendar.c \
	src/cli/call.c \
	src/cli/cli.c \
	src/cli/clock.c \
	src/cli/cmd_account.c \
	src/cli/cmd_act.c \
	src/cli/cmd_alarm.c \
	src/cli/cmd_circle.c \
	src/cli/cmd_device.c \
	src/cli/cmd_erase.c \
	src/cli/cmd_help.c \
	src/cli/cmd_invite.c \
	src/cli/cmd_list.c \
	src/cli/cmd_log.c \
	src/cli/cmd_make.c \
	src/cli/cmd_profile.c \
	src/cli/cmd_signout.c \
	src/cli/cmd_start.c \
	src/cli/cmd_status.c \
	src/cli/cmd_sync.c \
	src/cli/completion.c \
	src/cli/help.c \
	src/cli/json.c \
	src/cli/main.c \
	src/cli/man.c \
	src/cli/near.c \
	src/cli/open.c \
	src/cli/prompt.c \
	src/cli/qr.c \
	src/cli/say.c \
	src/cli/strength.c \
	src/cli/table.c \
	src/cli/view.c \
	src/cli/when.c \
	src/cli/when_read.c \
	src/cli/when_rule.c \
	src/cli/when_words.c \
	src/cli/who.c \
	src/cli/zone.c
