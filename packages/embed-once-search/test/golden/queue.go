// Package queue hands out work in the order of its urgency.
package queue

import (
	"container/heap"
	"errors"
	"sync"
)

// ErrClosed is what Take returns once the queue is closed and empty.
var ErrClosed = errors.New("queue: closed")

const defaultCapacity = 64

// Job is a piece of work; a smaller urgency comes first.
type Job struct {
	Name    string
	Urgency int
	Run     func() error
}

type jobHeap []*Job

func (h jobHeap) Len() int           { return len(h) }
func (h jobHeap) Less(i, j int) bool { return h[i].Urgency < h[j].Urgency }
func (h jobHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *jobHeap) Push(job any)      { *h = append(*h, job.(*Job)) }

func (h *jobHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

// Queue may be used by any number of goroutines at once. Its zero value is not ready; see New.
type Queue[T any] struct {
	mu     sync.Mutex
	ready  *sync.Cond
	jobs   jobHeap
	closed bool
}

// New makes an empty queue.
func New[T any]() *Queue[T] {
	q := &Queue[T]{jobs: make(jobHeap, 0, defaultCapacity)}
	q.ready = sync.NewCond(&q.mu)
	return q
}

// Take waits for a job and removes it from the queue. It returns ErrClosed when there is none and will be none: the
// jobs that were there when the queue was closed are still handed out, so that nothing that was accepted is dropped.
func (q *Queue[T]) Take() (*Job, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.jobs) == 0 {
		if q.closed {
			return nil, ErrClosed
		}
		q.ready.Wait()
	}
	return heap.Pop(&q.jobs).(*Job), nil
}
