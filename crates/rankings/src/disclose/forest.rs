//! Which edges of a graph lie on a cycle.

/// A spanning forest of a graph, and which of its edges lie on a cycle.
pub(super) struct Forest {
    parent: Vec<usize>,
    /// By node: whether the edge to its parent lies on a cycle.
    in_chain: Vec<bool>,
}

impl Forest {
    pub(super) fn of(joined: &[Vec<usize>]) -> Forest {
        let count = joined.len();
        let mut parent = vec![usize::MAX; count];
        let mut number = vec![usize::MAX; count];
        let mut order = Vec::with_capacity(count);
        for root in 0..count {
            let mut stack = vec![(root, usize::MAX)];
            while let Some((node, from)) = stack.pop() {
                if number[node] != usize::MAX {
                    continue;
                }
                number[node] = order.len();
                parent[node] = from;
                order.push(node);
                let unseen = joined[node].iter().filter(|next| number[**next] == usize::MAX);
                stack.extend(unseen.map(|next| (*next, node)));
            }
        }
        let mut visited = vec![false; count];
        let mut in_chain = vec![false; count];
        for node in order {
            visited[node] = true;
            let is_back = |next: &&usize| number[node] < number[**next] && parent[**next] != node;
            for start in joined[node].iter().filter(is_back) {
                let mut walk = *start;
                while !visited[walk] {
                    visited[walk] = true;
                    in_chain[walk] = true;
                    walk = parent[walk];
                }
            }
        }
        Forest { parent, in_chain }
    }

    /// Returns the edges that lie on no cycle, as pairs of nodes.
    pub(super) fn bridges(&self) -> Vec<(usize, usize)> {
        let is_bridge = |node: &usize| self.parent[*node] != usize::MAX && !self.in_chain[*node];
        let nodes = (0..self.parent.len()).filter(is_bridge);
        nodes.map(|node| (node, self.parent[node])).collect()
    }
}
