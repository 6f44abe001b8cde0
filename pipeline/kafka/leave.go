package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// leave takes a static member out of its group. The client by itself leaves it in, so that a process that crashed finds its partitions again.
// Dying before the answer: the group waits for the session timeout.
func leave(ctx context.Context, cl *kgo.Client, group, id, instance string) error {
	if err := cl.LeaveGroupContext(ctx); err != nil {
		return fmt.Errorf("leave group %s: %w", group, err)
	}
	member := kmsg.NewLeaveGroupRequestMember()
	member.MemberID, member.InstanceID = id, &instance
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group, req.MemberID, req.Members = group, id, append(req.Members, member)
	resp, err := req.RequestWith(ctx, cl)
	if err == nil {
		err = kerr.ErrorForCode(resp.ErrorCode)
	}
	for i := 0; err == nil && i < len(resp.Members); i++ {
		err = kerr.ErrorForCode(resp.Members[i].ErrorCode)
	}
	if err != nil && !errors.Is(err, kerr.UnknownMemberID) && !errors.Is(err, kerr.FencedInstanceID) { // then we are out already
		return fmt.Errorf("leave group %s: %w", group, err)
	}
	return nil
}
